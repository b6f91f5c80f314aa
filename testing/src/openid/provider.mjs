// A real OpenID provider for tests. People sign in without a password: as whoever the query of the authorization request names by
// `login_hint`, or with the name that they type. It ends when its input is closed, and so with the test that started it.
//
// Its argument is JSON: the folder of npm's packages, the file of the clients' secret, the ways of proof it takes, whether claims come with
// the token, and the address of the page that people come from. It prints its own address.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const { packages, secret, ways, claimsInToken, page } = JSON.parse(process.argv[2]);
const require = createRequire(`${packages}/`);
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);

const people = {
  ada: { email: 'ada@example.org', email_verified: true, groups: ['platform', 'staff'] },
  bob: { email: 'bob@example.org', email_verified: true, groups: ['staff'] },
  eve: { email: 'ada@example.org', email_verified: false, groups: ['platform'] },
  mallory: { email: 'mallory\u001b[31m@example.org', email_verified: true, groups: ['platform'] },
};

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${server.address().port}`;

const client = (client_id, more) => ({
  client_id,
  client_secret: readFileSync(secret, 'utf8').trim(),
  redirect_uris: [`${page}/sign-in/callback`],
  post_logout_redirect_uris: [`${page}/signed-out`],
  ...more,
});

const provider = new Provider(issuer, {
  clients: [
    client('basic', {}),
    client('post', { token_endpoint_auth_method: 'client_secret_post' }),
    client('public', { client_secret: undefined, token_endpoint_auth_method: 'none' }),
    client('elliptic', { id_token_signed_response_alg: 'ES256' }),
  ],
  clientAuthMethods: ways,
  jwks: { keys: await keys() },
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
  scopes: ['openid', 'email', 'profile', 'groups'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
  // Whether claims are told with the token, or only where the person's are asked for.
  conformIdTokenClaims: !claimsInToken,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
  cookies: { keys: ['cookies of tests'] },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  loadExistingGrant: async (context) => {
    const grant = new provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope('openid email profile groups');
    await grant.save();
    return grant;
  },
  ttl: { AuthorizationCode: 60, IdToken: 600, AccessToken: 600, Interaction: 600, Session: 600, Grant: 600 },
});

provider.use(async (context, next) => {
  if (!context.path.startsWith('/interaction/')) return next();
  const { params } = await provider.interactionDetails(context.req, context.res);
  const name = params.login_hint ?? new URL(context.href).searchParams.get('name');
  if (!name) {
    context.body = '<!DOCTYPE html><html lang="en"><title>Sign in</title><form><label>Name <input name="name"></label><button>Sign in</button></form></html>';
    return;
  }
  const result = name === 'nobody'
    ? { error: 'access_denied', error_description: '<script>alert(1)</script>' }
    : { login: { accountId: name } };
  return provider.interactionFinished(context.req, context.res, result, { mergeWithLastSubmission: false });
});

server.on('request', provider.callback());
process.stdin.on('end', () => process.exit()).resume();
console.log(issuer);

async function keys() {
  const generate = (algorithm, usages) => crypto.subtle.generateKey(algorithm, true, usages);
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
  const elliptic = { name: 'ECDSA', namedCurve: 'P-256' };
  const made = [];
  for (const [algorithm, alg] of [[rsa, 'RS256'], [elliptic, 'ES256']]) {
    const { privateKey } = await generate(algorithm, ['sign', 'verify']);
    const { key_ops, ext, ...key } = await crypto.subtle.exportKey('jwk', privateKey);
    made.push({ ...key, alg, use: 'sig', kid: alg.toLowerCase() });
  }
  return made;
}
