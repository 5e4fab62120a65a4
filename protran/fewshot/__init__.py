"""Few-shot enrolment: a new device from few probes and from devices that were measured before."""
