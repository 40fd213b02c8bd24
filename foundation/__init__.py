"""What every floor stands on: persistence conventions, time, money, tenancy, jobs, originals, documents."""
