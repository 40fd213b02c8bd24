"""Files of a network operator as they are dropped: each kept once, processed once, and answered for."""
