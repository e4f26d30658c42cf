"""Pages about the library, and the programs that write some of them."""
