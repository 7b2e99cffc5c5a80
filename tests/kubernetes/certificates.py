"""The certificates of the fake API server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any


def certificate(folder: Path) -> None:
    """Write a certificate authority and a certificate for the server."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)

    def made(name: str, key: Any, issuer: str, signed_by: Any, *, is_ca: bool) -> Any:
        builder = x509.CertificateBuilder().serial_number(x509.random_serial_number()).public_key(key.public_key())
        builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        addresses = [ip_address(one) for one in ("127.0.0.1", "192.168.1.9", "10.0.0.1", "10.0.0.2", "10.0.0.9")]
        names = x509.SubjectAlternativeName([x509.IPAddress(one) for one in addresses])
        builder = builder if is_ca else builder.add_extension(names, critical=False)
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key())
        builder = builder.add_extension(own, critical=False).add_extension(signer, critical=False)
        # Python 3.13 asks for it of an authority (RFC 5280 section 4.2.1.3)
        uses = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
        others = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        allowed = {"key_cert_sign", "crl_sign"} if is_ca else {"digital_signature"}
        usage = x509.KeyUsage(**{one: one in allowed for one in (*uses, *others)})
        builder = builder.add_extension(usage, critical=True)
        return builder.sign(signed_by, hashes.SHA256())

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = made("fake CA", ca_key, "fake CA", ca_key, is_ca=True)
    server = made("kubernetes", key, "fake CA", ca_key, is_ca=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(ca.public_bytes(pem))
    (folder / "server.crt").write_bytes(server.public_bytes(pem))
    private = serialization.PrivateFormat.PKCS8
    (folder / "server.key").write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
