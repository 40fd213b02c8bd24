"""One look for page, chart, PDF and e-mail: tokens, chart theme, and numbers and dates as each language writes them."""
