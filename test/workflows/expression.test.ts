import { expect } from 'chai';
import { condition, evaluate, fill } from './expression.ts';

describe('the scratch runner’s expressions', () => {
  const contexts = {
    github: { event_name: 'push', event: { repository: { visibility: 'private' } }, ref: "it's" },
    inputs: { 'ledger-cache': 'true', none: '' },
  };
  const table = [
    ["github.event_name == 'PUSH'", true],
    ["github.event.pull_request.head.repo.full_name == 'a/b'", false],
    ["inputs.ledger-cache == 'true' && github.event.repository.visibility != 'public'", true],
    ["github.event.nothing.visibility != 'public'", true],
    ["inputs.none || 'else'", 'else'],
    ["!(github.ref == 'it''s')", false],
    ["github['event_name']", 'push'],
    ['inputs.none == null', true],
    ["fromJSON('[1]')", [1]],
  ] as const;
  for (const [source, value] of table) it(source, () => expect(evaluate(source, contexts)).to.deep.equal(value));

  it('fills texts, and says what it does not know', () => {
    expect(fill('x-${{ github.event_name }}-${{ inputs.gone }}', contexts)).to.equal('x-push-');
    expect(() => evaluate('secrets.X', contexts)).to.throw('no context secrets');
    expect(() => evaluate('toJSON(github)', contexts)).to.throw('toJSON');
    expect(() => evaluate("github.ref == 'a' 'b'", contexts)).to.throw("'b'");
  });

  it('runs a step after a failure only if it asks for that', () => {
    expect(condition(undefined, contexts, { failed: true })).to.equal(false);
    expect(condition("github.event_name == 'push'", contexts, { failed: true })).to.equal(false);
    expect(condition("${{ always() && github.event_name == 'push' }}", contexts, { failed: true })).to.equal(true);
    expect(condition('failure()', contexts, { failed: false })).to.equal(false);
  });
});
