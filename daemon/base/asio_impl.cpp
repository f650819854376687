// SPDX-License-Identifier: MIT
// Asio's compiled half, once for the whole build (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
