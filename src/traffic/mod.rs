//! Made posts with planted abuse.
