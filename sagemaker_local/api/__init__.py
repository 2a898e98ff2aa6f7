"""The operations of AWS that the endpoint answers: one module for each kind of resource."""
