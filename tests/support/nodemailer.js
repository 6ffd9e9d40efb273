// Sends ready messages through nodemailer. A job is JSON on standard input: host, port, ca_file,
// tls (null | "starttls" | "implicit"), auth (null | "PLAIN" | "LOGIN"), username, password,
// sender, recipients, messages (base64).
"use strict";
const fs = require("fs");
const nodemailer = require("nodemailer");

const job = JSON.parse(fs.readFileSync(0));
const transport = nodemailer.createTransport({
  host: job.host,
  port: job.port,
  pool: true,
  maxConnections: 1,
  secure: job.tls === "implicit",
  requireTLS: job.tls === "starttls",
  ignoreTLS: job.tls === null,
  tls: { ca: job.ca_file && fs.readFileSync(job.ca_file) },
  auth: job.auth ? { user: job.username, pass: job.password } : undefined,
  authMethod: job.auth || undefined,
});

async function main() {
  for (const message of job.messages) {
    await transport.sendMail({
      envelope: { from: job.sender, to: job.recipients },
      raw: Buffer.from(message, "base64"),
    });
  }
  transport.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
