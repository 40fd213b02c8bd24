"""Documents that are sent out, as data: templates, style sheets and marks, read only through `foundation.documents`."""
