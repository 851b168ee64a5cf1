// What an error says in words is for people: mutants of it would only ask for tests that quote messages. Its code stays.
const words = {
  shouldIgnore({ node, parent }) {
    const said = parent?.type === 'NewExpression' && parent.callee.name === 'DcsError' && parent.arguments.indexOf(node) > 0;
    return said ? 'words of an error' : undefined;
  },
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'words', value: words }];
