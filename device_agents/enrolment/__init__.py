"""Makes a machine a device of the fleet over ssh, from the controller; knows no Ray."""
