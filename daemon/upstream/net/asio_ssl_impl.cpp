// SPDX-License-Identifier: MIT
// Asio's compiled TLS half, once for the whole build (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/ssl/impl/src.hpp>
