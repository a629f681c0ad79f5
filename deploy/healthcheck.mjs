// Exit code 0 when the server of this data directory answers that it lives; 1 and one line otherwise.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const WAIT_MS = 4000;
const [dataDir = '/var/lib/firebreak/data'] = process.argv.slice(2);

/** Status of the answer. Over TLS exactly the certificate that the server wrote down is believed, whatever its name. */
function ask({ url, certificate }) {
  const address = new URL('/healthz', url);
  const pinned = certificate === undefined ? undefined : new X509Certificate(certificate);
  const options = {
    signal: AbortSignal.timeout(WAIT_MS),
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: (_host, shown) =>
      pinned !== undefined && shown.raw.equals(pinned.raw) ? undefined : new Error('it shows another certificate'),
  };
  return new Promise((resolve, reject) => {
    const get = address.protocol === 'https:' ? getHttps : getHttp;
    get(address, options, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });
}

try {
  const status = await ask(JSON.parse(readFileSync(`${dataDir}/server.json`, 'utf8')));
  if (status !== 200) throw new Error(`the server answers ${status}`);
} catch (error) {
  console.error(`not healthy: ${error.message}`);
  process.exitCode = 1;
}
