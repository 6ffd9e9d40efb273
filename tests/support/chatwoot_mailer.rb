# Sends mail as Chatwoot does: ActionMailer with Chatwoot's own SMTP settings, header fields and
# Message-IDs. A job is JSON on standard input; each mail gives one line of JSON on standard output:
#   {"message_id", "recipients", "error", "seconds", "bytes": base64 of what was handed to SMTP}
# Job: port, count, threads, from, to, cc, bcc, attachment_bytes, show_bcc, want_bytes,
#      bodies: plain texts, one mail each, instead of count mails with the same HTML;
#      settings: what goes over Chatwoot's defaults (user_name, password, authentication, domain).
require "action_mailer"
require "base64"
require "json"
require "net/smtp"
require "securerandom"

JOB = JSON.parse($stdin.read)

ActionMailer::Base.logger = nil
ActionMailer::Base.raise_delivery_errors = true
ActionMailer::Base.delivery_method = :smtp
ActionMailer::Base.smtp_settings = {
  address: "127.0.0.1",
  port: JOB.fetch("port"),
  domain: "chatwoot.com",
  enable_starttls_auto: true,
  openssl_verify_mode: "peer",
  open_timeout: 5,
  read_timeout: 5
}.merge((JOB["settings"] || {}).transform_keys(&:to_sym))

# Keeps what the mail gem hands over. It is not always message.encoded: lines of one dot get another
# one from the gem (2.7, 2.8) on top of what Net::SMTP puts before each dot.
module Overheard
  def sendmail(message, *)
    Thread.current[:handed_over] = message
    super
  end
end
Net::SMTP.prepend(Overheard)

class ConversationReplyMailer < ActionMailer::Base
  def reply(number)
    domain = JOB.fetch("from")[/@([^>]+)/, 1]
    conversation = SecureRandom.uuid
    attach if JOB["attachment_bytes"].to_i.positive?
    mail(
      from: JOB.fetch("from"),
      reply_to: "Support <reply+#{conversation}@reply.example.com>",
      to: JOB.fetch("to"), cc: JOB["cc"], bcc: JOB["bcc"],
      subject: "[##{number}] Grüße aus der Unterhaltung",
      message_id: "<conversation/#{conversation}/messages/#{number}@#{domain}>",
      in_reply_to: "<account/1/conversation/#{conversation}@#{domain}>",
      references: (1..6).map { |i| "<conversation/#{conversation}/messages/#{number + i}@#{domain}>" }
    ) do |format|
      if JOB["bodies"]
        format.text { JOB["bodies"][number - 1] }
      else
        format.html { "<p>Größe zählt: #{number}</p>\n.\n..\n<p>Ende</p>\n" }
      end
    end
  end

  private

  def attach
    bytes = Random.new(7).bytes(JOB["attachment_bytes"])
    attachments["report.bin"] = { mime_type: "application/octet-stream", content: bytes }
  end
end

def send_one(number)
  message = ConversationReplyMailer.reply(number).message
  message[:bcc].include_in_headers = true if JOB["show_bcc"] && message[:bcc]
  result = { message_id: "<#{message.message_id}>", recipients: message.destinations, error: nil }
  started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  begin
    message.deliver
  rescue StandardError => e
    result[:error] = "#{e.class}: #{e.message}"
  end
  result[:seconds] = Process.clock_gettime(Process::CLOCK_MONOTONIC) - started
  if JOB["want_bytes"]
    # Net::SMTP ends every line with CRLF, whatever the mail object says.
    wire = Thread.current[:handed_over].b.gsub(/\r?\n/n, "\r\n")
    result[:bytes] = Base64.strict_encode64(wire)
  end
  result
end

numbers = Queue.new
(JOB["bodies"]&.size || JOB["count"] || 1).times { |i| numbers << i + 1 }
output = Mutex.new
workers = Array.new(JOB["threads"] || 1) do
  Thread.new do
    while (number = (numbers.pop(true) rescue nil))
      line = JSON.generate(send_one(number))
      output.synchronize { $stdout.puts(line); $stdout.flush }
    end
  end
end
workers.each(&:join)
