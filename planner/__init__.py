"""An immutable problem in, an immutable, independently checked plan out."""
