"""Certificates of a fleet that speaks TLS: Ray's own settings, and the same files for the gate."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from device_agents.errors import DeviceError

CERTIFICATE, KEY, AUTHORITY = "cert.pem", "key.pem", "ca.pem"


@dataclass(frozen=True)
class TlsFiles:
    """This machine's certificate and key, and the authority of its fleet.

    Attributes:
        folder: holds `cert.pem` (with the IP address as a subject alternative name), `key.pem` and `ca.pem`.
    """

    folder: Path

    def __post_init__(self) -> None:
        missing = [name for name in (CERTIFICATE, KEY, AUTHORITY) if not (self.folder / name).is_file()]
        if missing:
            raise DeviceError(
                f"expected {CERTIFICATE}, {KEY} and {AUTHORITY} in {self.folder}, {missing[0]} is missing; "
                f"docs/devices.md says how to make them"
            )

    def ray_environment(self) -> dict[str, str]:
        """Returns Ray's own settings. Source: Ray 2.60, "TLS authentication" in its documentation."""
        return {
            "RAY_USE_TLS": "1",
            "RAY_TLS_SERVER_CERT": str(self.folder / CERTIFICATE),
            "RAY_TLS_SERVER_KEY": str(self.folder / KEY),
            "RAY_TLS_CA_CERT": str(self.folder / AUTHORITY),
        }

    def server_context(self) -> ssl.SSLContext:
        """Returns the context of a gate, which asks for a certificate too."""
        context = self._context(ssl.Purpose.CLIENT_AUTH)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_context(self) -> ssl.SSLContext:
        """Returns the context of a device: the authority is the fleet's own, and names are not checked, as in Ray."""
        context = self._context(ssl.Purpose.SERVER_AUTH)
        context.check_hostname = False
        return context

    def _context(self, purpose: ssl.Purpose) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(purpose, cafile=str(self.folder / AUTHORITY))
            context.load_cert_chain(self.folder / CERTIFICATE, self.folder / KEY, password="")  # nobody is there to ask
        except (OSError, ssl.SSLError) as error:
            raise DeviceError(
                f"the certificates in {self.folder} cannot be used ({error}); see docs/devices.md"
            ) from error
        return context
