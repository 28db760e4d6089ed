//! What apt and yum repositories and their mirrors are, and what is wrong with one.
