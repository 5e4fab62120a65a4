import shutil
import ssl
import subprocess

import pytest

from device_agents.errors import DeviceError
from device_agents.fleet.tls import TlsFiles


@pytest.fixture
def copied(our_certificates, tmp_path):
    """A folder of certificates that a test may spoil."""
    return shutil.copytree(our_certificates.folder, tmp_path / "tls")


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "ca.pem"])
def test_a_folder_that_lacks_a_file_is_refused(tmp_path, name):
    for present in {"cert.pem", "key.pem", "ca.pem"} - {name}:
        (tmp_path / present).touch()
    with pytest.raises(DeviceError, match=rf"{name} is missing"):
        TlsFiles(tmp_path)


def test_both_sides_ask_for_a_certificate(our_certificates):
    assert our_certificates.server_context().verify_mode == ssl.CERT_REQUIRED
    assert our_certificates.client_context().verify_mode == ssl.CERT_REQUIRED


def test_ray_gets_the_same_files(our_certificates):
    settings = our_certificates.ray_environment()
    assert settings.pop("RAY_USE_TLS") == "1"
    assert sorted(settings.values()) == [str(our_certificates.folder / f"{name}.pem") for name in ("ca", "cert", "key")]


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "ca.pem"])
@pytest.mark.parametrize("context", [TlsFiles.server_context, TlsFiles.client_context])
def test_a_file_that_holds_something_else_is_an_error_that_names_the_folder(copied, name, context):
    (copied / name).write_text("nothing of the kind\n")
    with pytest.raises(DeviceError, match=str(copied)):
        context(TlsFiles(copied))


def test_the_key_of_another_certificate_is_an_error(copied, device_certificates):
    shutil.copy(device_certificates.folder / "key.pem", copied)
    with pytest.raises(DeviceError, match="cannot be used"):
        TlsFiles(copied).server_context()


def test_a_key_behind_a_password_is_an_error_and_nobody_is_asked_for_it(copied):
    encrypt = ["openssl", "pkey", "-in", "key.pem", "-aes256", "-passout", "pass:secret", "-out", "locked.pem"]
    subprocess.run(encrypt, cwd=copied, check=True, capture_output=True, timeout=60)
    (copied / "locked.pem").replace(copied / "key.pem")
    with pytest.raises(DeviceError, match="cannot be used"):
        TlsFiles(copied).server_context()
