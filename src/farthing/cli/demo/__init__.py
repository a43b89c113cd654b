"""`farthing demo`: a whole shop, a scripted buyer, and proof that every farthing is where it should be."""
