// A real OpenID Connect provider (node-oidc-provider) for tests/tests/oidc.rs.
//
// Argument: JSON of `parts` (node_modules), `port`, `redirect`. Everybody is signed in at
// once as whoever POST /_test/who/<name> said last. POST /_test/fault/<fault> spoils the
// id tokens from then on, as a thief or a broken provider would.
import { pathToFileURL } from 'node:url';

const given = JSON.parse(process.argv[2]);
const part = (name) => import(pathToFileURL(`${given.parts}/${name}`).href);
const { Provider } = await part('oidc-provider/lib/index.js');
const jose = await part('jose/dist/webapi/index.js');

const PEOPLE = {
  olga: { roles: ['ringledger-ops', 'something else'] },
  carl: { roles: ['ringledger-listen', 'ringledger-ops'], queues: ['sales'] },
  nobody: { roles: ['something else'] },
};
const issuer = `http://127.0.0.1:${given.port}`;
const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
const jwk = { ...(await jose.exportJWK(privateKey)), kid: 'one', use: 'sig', alg: 'RS256' };
const other = await jose.generateKeyPair('RS256');
let who = 'olga';
let fault = 'none';

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'ringledger',
    client_secret: 'a secret: of & the client',
    redirect_uris: [given.redirect],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  jwks: { keys: [jwk] },
  cookies: { keys: ['a key of this test'] },
  scopes: ['openid', 'profile', 'roles'],
  claims: { openid: ['sub'], profile: ['preferred_username'], roles: ['roles', 'queues'] },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, ...PEOPLE[id] }) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  ttl: { Session: 600, Interaction: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
  async loadExistingGrant(ctx) {
    const { client, session } = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid profile roles');
    await grant.save();
    return grant;
  },
});

/** The token's claims, signed anew in a way that must not be taken. */
async function spoiled(token) {
  const claims = jose.decodeJwt(token);
  const now = Math.floor(Date.now() / 1000);
  const sign = (more, key = privateKey, header = { alg: 'RS256', kid: 'one' }) =>
    new jose.SignJWT({ ...claims, ...more }).setProtectedHeader(header).sign(key);
  switch (fault) {
    case 'expired': return sign({ iat: now - 900, exp: now - 300 });
    case 'audience': return sign({ aud: 'another client' });
    case 'issuer': return sign({ iss: 'http://127.0.0.1:1' });
    case 'nonce': return sign({ nonce: 'of another sign-in' });
    case 'key': return sign({}, other.privateKey);
    case 'unknown': return sign({}, other.privateKey, { alg: 'RS256', kid: 'two' });
    case 'secret': return sign({}, new TextEncoder().encode('a secret: of & the client'), { alg: 'HS256', kid: 'one' });
    case 'unsigned': return new jose.UnsecuredJWT(claims).encode();
    default: return token;
  }
}

provider.use(async (ctx, next) => {
  const [, first, second, third] = ctx.path.split('/');
  if (first === '_test') {
    if (second === 'who') who = third; else fault = third;
    ctx.status = 204;
    return;
  }
  if (first === 'interaction') {
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: who } });
    return;
  }
  await next();
  if (ctx.path === '/token' && ctx.body?.id_token) ctx.body = { ...ctx.body, id_token: await spoiled(ctx.body.id_token) };
});
provider.listen(given.port, '127.0.0.1', () => console.log('provider is up'));
