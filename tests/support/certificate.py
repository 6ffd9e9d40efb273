"""Certificates for a test's listeners: self-signed for localhost, made by openssl(1)."""
import pathlib
import ssl
import subprocess
import tempfile


class Certificate:
    """with Certificate() as certificate: its PEM files; renew() replaces them in place."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="postern-tls-")
        self.file = str(pathlib.Path(self.directory.name) / "cert.pem")
        self.key = str(pathlib.Path(self.directory.name) / "key.pem")
        self.renew()
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def renew(self, days=90):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", str(days), "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out", self.file],
            check=True, stderr=subprocess.DEVNULL)

    def settings(self):
        """The relay's [tls]."""
        return {"certificate": self.file, "key": self.key}

    def trust(self):
        """What a client needs to verify it."""
        return ssl.create_default_context(cafile=self.file)

    def der(self):
        return ssl.PEM_cert_to_DER_cert(pathlib.Path(self.file).read_text())
