// node verify.mjs key BUNDLE PUBLIC_KEY | keyless BUNDLE TRUSTED_ROOT SUBJECT ISSUER
// Verifies a bundle and prints its statement.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { Verifier, toSignedEntity, toTrustMaterial } from '@sigstore/verify';

const [kind, bundleFile, trustFile, subjectAlternativeName, issuer] = process.argv.slice(2);
const bundle = bundleFromJSON(JSON.parse(fs.readFileSync(bundleFile, 'utf8')));
const trusted = fs.readFileSync(trustFile, 'utf8');
const entity = toSignedEntity(bundle);

if (kind === 'key') {
    const rawBytes = crypto.createPublicKey(trusted).export({ type: 'spki', format: 'der' });
    // The peer looks the key up by the hint, so the hint has to be the one that everybody computes.
    const hint = crypto.createHash('sha256').update(rawBytes).digest('base64');
    const nothing = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
    const material = toTrustMaterial(nothing, { [hint]: { rawBytes } });
    new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 }).verify(entity);
} else {
    const root = TrustedRoot.fromJSON(JSON.parse(trusted));
    new Verifier(toTrustMaterial(root), {}).verify(entity, { subjectAlternativeName, extensions: { issuer } });
}
console.log(bundle.content.dsseEnvelope.payload.toString());
