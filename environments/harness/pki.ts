import { mustExec, readFile } from './containers.ts';
import type { FileToPut } from './containers.ts';

/** Folder of the keys inside the inspector. */
const PKI = '/pki';

/**
 * A certificate authority made for one run: root, intermediate (it also signs
 * OCSP answers) and an RSA-2048 server certificate that names its responder.
 */
const SCRIPT = `
set -eu
test -e ${PKI}/index.txt && exit 0
mkdir -p ${PKI} && cd ${PKI}
cat > ext.cnf <<EOF
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
[inter]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign,digitalSignature
extendedKeyUsage=OCSPSigning
[server]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature,keyEncipherment
extendedKeyUsage=serverAuth
subjectAltName=DNS:$SERVER_NAME
authorityInfoAccess=OCSP;URI:http://ocsp/
EOF
openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj '/CN=Gateproof run root'
issue() { # name subject section issuer
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
  openssl x509 -req -in "$1.csr" -CA "$4.pem" -CAkey "$4.key" -CAcreateserial -days 20 -extfile ext.cnf -extensions "$3" -out "$1.pem"
}
issue inter '/CN=Gateproof run intermediate' inter root
issue server "/CN=$SERVER_NAME" server inter
cat server.pem inter.pem > fullchain.pem
cat inter.pem root.pem > chain.pem
serial=$(openssl x509 -in server.pem -noout -serial | cut -d= -f2)
printf 'V\\t%s\\t\\t%s\\tunknown\\t/CN=%s\\n' "$(date -u -d '+20 days' +%y%m%d%H%M%SZ)" "$serial" "$SERVER_NAME" > index.txt
(exec openssl ocsp -index index.txt -port 80 -rsigner inter.pem -rkey inter.key -CA inter.pem -ndays 1 -ignore_err) >/var/log/ocsp.log 2>&1 &
`;

/**
 * The run's keys for a gateway, made in the inspector on the first call; its OCSP
 * responder (host name `ocsp`) starts with them and serves every variant.
 */
export async function makePki(inspectorId: string, serverName: string): Promise<FileToPut[]> {
  await mustExec(inspectorId, ['sh', '-c', SCRIPT], { env: { SERVER_NAME: serverName }, user: 'root' });
  const live = `/etc/letsencrypt/live/${serverName}`;
  const files = { 'fullchain.pem': 'fullchain.pem', 'privkey.pem': 'server.key', 'chain.pem': 'chain.pem' };
  return Promise.all(
    Object.entries(files).map(async ([target, source]) => ({
      path: `${live}/${target}`,
      content: await readFile(inspectorId, `${PKI}/${source}`),
      mode: target === 'privkey.pem' ? 0o600 : 0o644,
    })),
  );
}
