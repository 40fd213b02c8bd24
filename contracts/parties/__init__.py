"""The SPL itself, its shareholders and the budgets that pay."""
