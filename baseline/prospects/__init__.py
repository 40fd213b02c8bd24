"""Where a saving would be proven: all boundaries fitted by batches, beside each other. No frozen plan is touched."""
