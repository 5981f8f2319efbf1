"""After a loss: starting without harm, rebuilding from a mirror, opening a log that succeeds the lost one."""
