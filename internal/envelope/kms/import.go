package kms

// ImportKeyMaterial gives an external key its material, of which it keeps a
// copy: 32 bytes, or for an asymmetric key a private key in PKCS #8. The same
// material can be imported again, other material cannot (KMS API,
// ImportKeyMaterial, without the wrapping for the way and without an
// expiration).
func (s *Service) ImportKeyMaterial(keyID string, b []byte) error {
	return s.change(keyID, "importing key material", func(k *key) error {
		switch {
		case !k.External:
			return k.notExternal()
		case k.State == PendingDeletion:
			return k.enabled()
		case !k.Spec.fits(b):
			return fail(codeIncorrectMaterial, "%d bytes that are not the material of a key of %s", len(b), k.Spec)
		case k.imported != [32]byte{} && k.imported != digest(b):
			return fail(codeIncorrectMaterial, "%s had other material; it takes the same again only", k.ARN)
		}
		if len(k.materials) == 0 {
			k.imported = digest(b)
			k.materials = []material{{s.today(), append([]byte(nil), b...)}}
		}
		if k.State == PendingImport {
			k.State = Enabled
		}
		return nil
	})
}

// DeleteImportedKeyMaterial takes the material away; the key waits for its
// import then, unless its deletion is pending (KMS API,
// DeleteImportedKeyMaterial).
func (s *Service) DeleteImportedKeyMaterial(keyID string) error {
	return s.change(keyID, "deleting imported key material", func(k *key) error {
		if !k.External {
			return k.notExternal()
		}
		for _, m := range k.materials {
			clear(m.Key)
		}
		k.materials = nil
		if k.State != PendingDeletion {
			k.State = PendingImport
		}
		return nil
	})
}

func (k *key) notExternal() error {
	return fail(codeUnsupported, "%s origin is AWS_KMS which is not valid for this operation.", k.ARN)
}
