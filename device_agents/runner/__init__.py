"""The subprocess that builds one candidate and runs one workload."""
