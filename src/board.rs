//! What the process knows of itself, for probes, console and watchdog.
