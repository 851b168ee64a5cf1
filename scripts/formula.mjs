// The Homebrew formula of a release: the very file of the npm registry, by its checksum.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function formula({ name, version, description, homepage, license }, folder) {
  const file = `${name}-${version}.tgz`;
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');
  return `class Dcs < Formula
  desc ${JSON.stringify(description)}
  homepage ${JSON.stringify(homepage)}
  url "https://registry.npmjs.org/${name}/-/${file}"
  sha256 "${sha256}"
  license ${JSON.stringify(license)}

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink Dir["#{libexec}/bin/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/dcs --version")
  end
end
`;
}
