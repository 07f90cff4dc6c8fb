//! What the commands say and with which exit code they leave.
