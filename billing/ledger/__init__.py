"""The books: double entry, only ever added to; every balance is computed from postings."""
