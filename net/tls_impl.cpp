// Asio's TLS and Beast are compiled once, here, instead of in every file that includes them.
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
