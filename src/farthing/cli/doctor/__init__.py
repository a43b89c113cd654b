"""`farthing doctor`: every part of an installation looked at, with what to do about each that is not well."""
