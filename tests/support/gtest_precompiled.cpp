// Nothing but the place where the tests' precompiled header is made; see tests/CMakeLists.txt.
