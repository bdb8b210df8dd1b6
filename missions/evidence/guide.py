"""What a bundle says about itself: how to check it without anything of ours."""

_README = """EVIDENCE BUNDLE {name}

What is inside
  data/originals/   photographs, byte for byte as the camera wrote them
  data/copies/      copies in which detail was removed (people and plates cannot be recognised)
  data/sidecars/    for each: time, place, pose, camera, digests; temperatures of thermal frames
  data/custody/     for each: who had it and what was done with it, one JSON record a line
  data/case.json    the case, if the bundle is about one
  manifest-sha256.txt, tagmanifest-sha256.txt, tagmanifest-sha256.txt.sig, signing-key.pem

How to check it (Linux, macOS; nothing of FlyOnce is needed)
  1. unzip {name}.zip && cd {name}
  2. sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt
     (macOS: shasum -a 256 -c manifest-sha256.txt tagmanifest-sha256.txt)
  3. openssl pkeyutl -verify -pubin -inkey signing-key.pem -rawin \\
       -in tagmanifest-sha256.txt -sigfile tagmanifest-sha256.txt.sig
     must say: Signature Verified Successfully   (OpenSSL 3.0 or later)
  4. Compare the key with the one that the service publishes (GET /api/v1/evidence/key, or on
     paper): its fingerprint is
       {fingerprint}
     openssl pkey -pubin -in signing-key.pem -outform DER | sha256sum
     A key that is only in the bundle shows damage, not forgery.
  5. Files that no manifest names: bagit.py --validate . (the Library of Congress's bagit tool)

With FlyOnce, all of it at once, without a server:
  flyonce evidence verify {name}.zip --key published-key.pem

The custody's records: "previous" is the seal of the medium's record before, "seal" the SHA-256 of
the record without "seal" as JSON with sorted keys, no spaces, UTF-8. "position" and "before" link
it into the chain of all media, whose end at the time of export is in bag-info.txt.
"""


def readme(name: str, fingerprint: str) -> str:
    """The README of a bundle."""
    return _README.format(name=name, fingerprint=fingerprint)
