"""Certificates for the tests of a fleet that speaks TLS, and the environment of a device."""

import shutil

import device_environment
import fleet_parts
import pytest

from device_agents.fleet.tls import TlsFiles


@pytest.fixture(scope="session")
def our_certificates(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program, which makes the certificates, is not installed")
    return TlsFiles(fleet_parts.make_certificates(tmp_path_factory.mktemp("tls") / "ours"))


@pytest.fixture(scope="session")
def device_certificates(our_certificates):
    """Of the same authority, for another machine."""
    folder = our_certificates.folder.with_name("device")
    return TlsFiles(fleet_parts.make_certificates(folder, our_certificates.folder))


@pytest.fixture(scope="session")
def other_certificates(our_certificates):
    """Of another authority."""
    return TlsFiles(fleet_parts.make_certificates(our_certificates.folder.with_name("others")))


@pytest.fixture(scope="session")
def device_python(tmp_path_factory):
    """The interpreter of an environment that holds what a device gets, and nothing else."""
    return device_environment.make_device_environment(tmp_path_factory.mktemp("device") / "environment")
