//! ringledger
