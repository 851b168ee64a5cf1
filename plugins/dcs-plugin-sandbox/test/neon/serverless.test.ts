import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as tls } from 'node:tls';
import { expect } from 'chai';
import pg from 'pg';
import { type Client, type Made, query, start } from './client.ts';

describe('neon sandbox: the door of an endpoint', () => {
  let client: Client;
  let made: Made;
  before(async () => {
    client = await start();
    made = await client.project();
  });
  after(() => client.close());

  const http = async (body: unknown, headers: Record<string, string> = {}) => {
    const { host } = new URL(made.uri);
    const answer = await fetch(`http://${host}/sql`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Neon-Connection-String': made.uri, ...headers },
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it('lets those wait who come before the branch is there', async () => {
    await client.sandbox('operations', { ms: 300 });
    const { body } = await client.api('POST', `${made.path}/branches`, { branch: { name: 'early' }, endpoints: [{ type: 'read_write' }] });
    await client.sandbox('operations', { ms: 0 });
    expect(await query(body.connection_uris[0].connection_uri, 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
    await client.sandbox('settled');
  });

  it('speaks TLS to those who want it, with a certificate for 127.0.0.1', async () => {
    const { host } = new URL(made.uri);
    const [name, port] = host.split(':');
    const plain = connect(Number(port), name);
    plain.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    await once(plain, 'data');
    const secure = tls({ socket: plain, rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    const certificate = new X509Certificate(secure.getPeerCertificate(true).raw);
    expect([certificate.checkIP('127.0.0.1'), certificate.verify(certificate.publicKey)]).to.deep.equal(['127.0.0.1', true]);
    const trusting = new pg.Client({ connectionString: made.uri.replace(/\?.*/, ''), ssl: { ca: certificate.toString() } });
    await trusting.connect();
    expect((await trusting.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).rows).to.deep.equal([{ ssl: true }]);
    await trusting.end();
    plain.destroy();
  });

  it('answers SQL over HTTP: rows as text, transactions as a whole, errors with their code', async () => {
    const { body } = await http({ query: 'SELECT $1::int + 1 AS sum, true AS yes', params: ['41'] });
    expect(body).to.deep.include({ command: 'SELECT', rowCount: 1, rows: [['42', 't']], rowAsArray: true });
    const queries = [{ query: 'CREATE TABLE half (x int)' }, { query: 'SELECT 1 / 0' }];
    const failed = await http({ queries }, { 'Neon-Batch-Isolation-Level': 'Serializable' });
    expect([failed.status, failed.body['code']]).to.deep.equal([400, '22012']);
    expect(await query(made.uri, `SELECT to_regclass('half') AS found`)).to.deep.equal([{ found: null }]);
    const wrong = await http({ query: 'SELECT 1' }, { 'Neon-Connection-String': made.uri.replace(/:npg_[^@]+@/, ':wrong@') });
    expect([wrong.status, wrong.body['code']]).to.deep.equal([400, '28P01']);
  });

  it("carries PostgreSQL's protocol in a WebSocket", async () => {
    const socket = new WebSocket(`ws://${new URL(made.uri).host}/v2`);
    socket.binaryType = 'arraybuffer';
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    const answered = new Promise<Buffer>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(Buffer.from(data as ArrayBuffer)));
    });
    socket.send(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    expect((await answered).toString()).to.equal('S');
    const over = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
    socket.close();
    expect((await over).wasClean).to.equal(true);
  });

  it('goes wrong as told', async () => {
    const arm = (fault: object) =>
      fetch(`${client.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ cloud: 'neon', ...fault }) });
    await arm({ kind: 'status', status: 503 });
    const refused = await client.api('GET', made.path);
    expect([refused.status, refused.body.message]).to.deep.equal([503, 'Injected by the sandbox']);
    await arm({ route: 'POST /api/v2/projects/:project/branches', kind: 'reset-after-commit' });
    const lost = await client.api('POST', `${made.path}/branches`, { branch: { name: 'lost' } }).catch((error: unknown) => error);
    expect(lost).to.be.instanceOf(TypeError);
    await client.sandbox('settled');
    expect((await client.api('GET', `${made.path}/branches?search=lost`)).body.branches).to.have.length(1);
  });
});
