"""OTP-style supervision on pykka; knows nothing of Git or Kubernetes."""
