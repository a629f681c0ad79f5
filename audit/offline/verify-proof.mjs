#!/usr/bin/env node
// Checks what `firebreak audit prove` and `firebreak incidents export --bundle` write. One file, any Node from 18 on,
// nothing but parts of Node; shares no code with the program that wrote the proof.
//
//   node verify-proof.mjs FILE|DIR [--key KEY]
//
// KEY is a public key of the log as in its log.pub (`name+hash+key`), or a file that holds it. Without it the key is
// taken from the proof itself: then the result says only that the proof agrees with itself. Exit 0 proved, 1 not, 2 usage.

import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import url from 'node:url';

class Refused extends Error {}

function demand(condition, reason) {
  if (!condition) throw new Refused(reason);
}

const sha256 = (...parts) => {
  const digest = crypto.createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};

// --- RFC 6962 / RFC 9162 ---------------------------------------------------------------------------------------------

const leafHash = (bytes) => sha256(Buffer.from([0]), bytes);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);

/** RFC 9162 2.1.3.2, with numbers up to 2^53. */
export function inclusionHolds({ leaf, index, size, hashes, root }) {
  if (index >= size) return false;
  let [node, last, hash] = [index, size - 1, leaf];
  for (const sibling of hashes) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && hash.equals(root);
}

/** RFC 9162 2.1.4.2. */
export function consistencyHolds({ oldSize, oldRoot, size, root, hashes }) {
  if (oldSize < 1 || oldSize > size) return false;
  if (oldSize === size) return hashes.length === 0 && oldRoot.equals(root);
  const isPower = (BigInt(oldSize) & (BigInt(oldSize) - 1n)) === 0n;
  const list = isPower ? [oldRoot, ...hashes] : [...hashes];
  if (list.length === 0) return false;
  let [node, last] = [oldSize - 1, size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let [oldHash, newHash] = [list[0], list[0]];
  for (const sibling of list.slice(1)) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && oldHash.equals(oldRoot) && newHash.equals(root);
}

const half = (n) => Math.floor(n / 2);

// --- C2SP signed-note, tlog-checkpoint, tlog-proof --------------------------------------------------------------------

const ED25519 = 1;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export function parseKey(text) {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(text.trim());
  demand(match, 'that is not a public key of a log');
  const [, name, id, encoded] = match;
  const bytes = base64(encoded);
  demand(bytes.length === 33 && bytes[0] === ED25519, 'the key is not an Ed25519 key');
  const expected = sha256(Buffer.from(`${name}\n`), bytes).subarray(0, 4);
  demand(expected.toString('hex') === id, 'the key does not fit its own hash');
  const key = Buffer.concat([SPKI, bytes.subarray(1)]);
  return { text: text.trim(), name, id: expected, key: crypto.createPublicKey({ key, format: 'der', type: 'spki' }) };
}

/** Origin, size and root of a checkpoint that one of the keys has signed; which one it was, too. */
export function openNote(note, keys) {
  const end = note.lastIndexOf('\n\n');
  demand(end >= 0 && note.endsWith('\n'), 'the checkpoint has no signature');
  const text = note.slice(0, end + 1);
  const [origin, size, encoded, ...more] = text.split('\n');
  demand(more.length === 1 && more[0] === '', 'the checkpoint does not have three lines');
  demand(/^(0|[1-9]\d{0,15})$/.test(size), 'the size of the checkpoint is not a number');
  const root = base64(encoded);
  demand(root.length === 32, 'the root of the checkpoint is not a hash');
  const signatures = note.slice(end + 2, -1).split('\n');
  const signer = keys.find((key) => key.name === origin && signatures.some((line) => isSignature(line, key, text)));
  demand(signer, `the checkpoint of ${size} entries is not signed by a key that is trusted`);
  return { origin, size: Number(size), root, signer };
}

function isSignature(line, key, text) {
  const match = /^\u2014 (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line);
  if (!match || match[1] !== key.name) return false;
  const bytes = base64(match[2]);
  return bytes.subarray(0, 4).equals(key.id) && crypto.verify(null, Buffer.from(text), key.key, bytes.subarray(4));
}

/** The hashes between a first line (or lines) and the note. */
function splitProof(text, head) {
  demand(typeof text === 'string', 'the proof is missing');
  const match = head.exec(text);
  demand(match, 'the proof is not in the form it should have');
  const rest = text.slice(match[0].length);
  const end = rest.startsWith('\n') ? 0 : rest.indexOf('\n\n') + 1;
  demand(end > 0 || rest.startsWith('\n'), 'the proof has no checkpoint');
  const hashes = rest.slice(0, end).split('\n').slice(0, -1).map(base64);
  demand(hashes.every((hash) => hash.length === 32) && hashes.length <= 53, 'the proof holds what is not a hash');
  return { number: Number(match[1]), hashes, note: rest.slice(end + 1) };
}

const TLOG_PROOF = /^c2sp\.org\/tlog-proof@v1\n(?:extra [A-Za-z0-9+/]*=*\n)?index (0|[1-9]\d{0,15})\n/;
const OLD = /^old ([1-9]\d{0,15})\n/;

/** Buffer.from takes anything; this takes the one spelling only. */
function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  demand(bytes.toString('base64') === text, 'base64 is not in its one spelling');
  return bytes;
}

// --- Firebreak ----------------------------------------------------------------------------------------------------------

/** Checks that a line is entry `index` of the checkpoint in the proof; gives both. */
export function checkEntry({ entry: line, proof }, keys) {
  demand(typeof line === 'string' && !line.includes('\n'), 'the entry is not one line');
  const { number: index, hashes, note } = splitProof(proof, TLOG_PROOF);
  const checkpoint = openNote(note, keys);
  const leaf = leafHash(Buffer.from(line));
  const holds = inclusionHolds({ leaf, index, size: checkpoint.size, hashes, root: checkpoint.root });
  demand(holds, `the entry is not number ${index} of the log`);
  const entry = JSON.parse(line);
  demand(entry.seq === index, `the entry says that it is number ${entry.seq}, not ${index}`);
  return { entry, line, checkpoint };
}

/** The key to begin with, and each one that an entry under a trusted key names as the next. */
export function trustedKeys({ key, rotations }, pinned) {
  const keys = [parseKey(pinned ?? key)];
  demand(Array.isArray(rotations) && rotations.length <= 10_000, 'the list of key changes is missing');
  for (const rotation of rotations) {
    const { entry, checkpoint } = pinned === undefined ? checkEntry(rotation, keys) : checkIfTrusted(rotation, keys);
    if (!entry) continue;
    const changes = entry.kind === 'log.key_rotated' && checkpoint.size === entry.seq + 1;
    demand(changes, 'a key change is not an entry that changes the key');
    const next = parseKey(entry.body.newKey);
    demand(next.name === keys[0].name, 'a key change names another log');
    keys.push(next);
  }
  return keys;
}

/** Changes before the pinned key are none of its business. */
function checkIfTrusted(rotation, keys) {
  try {
    return checkEntry(rotation, keys);
  } catch (error) {
    if (error instanceof Refused) return {};
    throw error;
  }
}

function checkProof(document, pinned) {
  const keys = trustedKeys(document, pinned);
  const { entry, checkpoint } = checkEntry(document, keys);
  return [`${about(entry)} is in the log`, ...aboutLog(checkpoint)];
}

function checkGrowth(document, pinned) {
  const keys = trustedKeys(document, pinned);
  const { number: oldSize, hashes, note } = splitProof(document.proof, OLD);
  const old = openNote(document.from, keys);
  const now = openNote(note, keys);
  demand(old.size === oldSize, 'the proof speaks of another size than the older checkpoint');
  const holds = consistencyHolds({ oldSize, oldRoot: old.root, size: now.size, root: now.root, hashes });
  demand(holds, `the log of ${now.size} entries does not begin with that of ${oldSize} entries`);
  return [`the log only grew, from ${oldSize} to ${now.size} entries: nothing before was changed`, ...aboutLog(now)];
}

const about = ({ seq, kind, actor, ts }) =>
  `entry ${seq} (${kind} by ${actor.kind} ${actor.id}, ${new Date(ts).toISOString()})`;
const aboutLog = ({ origin, size, root, signer }) => [
  `log ${origin}, ${size} entries, root ${root.toString('hex')}`,
  `signed with ${signer.text}`,
];

// --- a bundle: the entries of one incident in a folder ------------------------------------------------------------------

function checkBundle(dir, pinned) {
  const read = (name) => fs.readFileSync(path.join(dir, name));
  const manifest = readJson(read('manifest.json'));
  demand(manifest.format === 'firebreak-bundle/v1', 'manifest.json is not that of a bundle');
  const files = new Map(manifest.files.map((file) => [file.name, file]));
  demand(files.size === manifest.files.length, 'manifest.json names a file twice');
  for (const { name, sha256: digest } of files.values()) {
    demand(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/.test(name), `manifest.json names ${name}`);
    demand(sha256(read(name)).toString('hex') === digest, `${name} does not have the hash that manifest.json names`);
  }
  const present = listFiles(dir).filter((name) => name !== 'manifest.json');
  for (const name of present) demand(files.has(name), `${name} is not named in manifest.json`);
  const proofs = readJson(read('proofs.json'));
  const keys = trustedKeys(proofs, pinned);
  const lines = read('entries.jsonl').toString('utf8').split('\n');
  demand(lines.pop() === '' && lines.length === proofs.proofs.length, 'entries.jsonl and proofs.json differ in length');
  const entries = lines.map((line, at) => checkEntry({ entry: line, proof: proofs.proofs[at] }, keys));
  demand(entries.length > 0, 'there are no entries');
  checkOrder(entries, manifest);
  const opened = checkPayloads({ entries, files, read });
  const { checkpoint } = entries[0];
  return [
    `${entries.length} entries of ${manifest.incident} are in the log, ${files.size} files are as they were written`,
    ...(opened > 0 ? [`${opened} contents are what the ciphertexts of the log decrypt to`] : []),
    ...aboutLog(checkpoint),
  ];
}

function checkOrder(entries, manifest) {
  let before = -1;
  for (const { entry, checkpoint } of entries) {
    demand(entry.seq > before, 'entries are not in order');
    before = entry.seq;
    demand(entry.incidentId === manifest.incident, `entry ${entry.seq} is of another incident`);
    demand(checkpoint.root.equals(entries[0].checkpoint.root), 'entries are proved under different checkpoints');
  }
}

/** Each decrypted content must come out of the ciphertext that its entry names. */
function checkPayloads({ entries, files, read }) {
  const sealed = new Map();
  for (const { entry } of entries)
    entry.payloads.forEach((ref, at) => sealed.set(`payloads/${entry.seq}-${at}`, ref));
  let opened = 0;
  for (const name of files.keys()) {
    if (!name.startsWith('payloads/')) continue;
    const stem = name.replace(/\.(sealed|key|content)$/, '');
    const ref = sealed.get(stem);
    demand(ref, `${name} belongs to no entry`);
    if (!name.endsWith('.content')) continue;
    const frame = read(`${stem}.sealed`);
    demand(sha256(frame).toString('hex') === ref.sha256, `${stem}.sealed is not the ciphertext that its entry names`);
    const content = decrypt(frame, read(`${stem}.key`));
    demand(content?.equals(read(name)), `${name} is not what its ciphertext decrypts to`);
    opened += 1;
  }
  return opened;
}

/** AES-256-GCM: 12 bytes of nonce, ciphertext, 16 bytes of tag. */
function decrypt(frame, key) {
  try {
    const decipher = crypto.createDecipheriv('aes-256-gcm', key, frame.subarray(0, 12));
    decipher.setAuthTag(frame.subarray(frame.length - 16));
    return Buffer.concat([decipher.update(frame.subarray(12, frame.length - 16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function listFiles(dir, below = '') {
  return fs.readdirSync(path.join(dir, below), { withFileTypes: true }).flatMap((item) => {
    const name = below === '' ? item.name : `${below}/${item.name}`;
    return item.isDirectory() ? listFiles(dir, name) : [name];
  });
}

function readJson(bytes) {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refused('a file that should be JSON is not');
  }
}

// --- the command --------------------------------------------------------------------------------------------------------

const CHECKS = { 'firebreak-proof/v1': checkProof, 'firebreak-consistency/v1': checkGrowth };

function check(place, pinned) {
  if (fs.statSync(place).isDirectory()) return checkBundle(place, pinned);
  const document = readJson(fs.readFileSync(place));
  const { [String(document?.format)]: checkDocument } = CHECKS;
  demand(checkDocument, 'that is not a proof of Firebreak');
  return checkDocument(document, pinned);
}

function main(args) {
  const at = args.indexOf('--key');
  const key = at < 0 ? undefined : args[at + 1];
  const places = at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)];
  if (places.length !== 1 || places[0].startsWith('-') || (at >= 0 && key === undefined)) {
    console.error('usage: node verify-proof.mjs FILE|DIR [--key KEY]');
    return 2;
  }
  try {
    const pinned = key !== undefined && fs.existsSync(key) ? fs.readFileSync(key, 'utf8') : key;
    for (const line of check(places[0], pinned)) console.log(line);
    if (pinned === undefined) console.log('the key was taken from the proof itself: compare it with the one you know');
    return 0;
  } catch (error) {
    console.error(`NOT proved: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

if (process.argv[1] !== undefined && url.pathToFileURL(fs.realpathSync(process.argv[1])).href === import.meta.url) {
  process.exitCode = main(process.argv.slice(2));
}
