//! Every metric: name, unit, labels, meaning; the counts of a transaction.
