# Sends ready messages through Net::SMTP. The job is that of nodemailer.js.
use strict;
use warnings;
use Authen::SASL qw(Perl);
use JSON::PP;
use MIME::Base64;
use Net::SMTP;

my $job = decode_json(do { local $/; <STDIN> });
my %trust = $job->{ca_file} ? (SSL_ca_file => $job->{ca_file}) : ();
my $client = Net::SMTP->new($job->{host}, Port => $job->{port}, Timeout => 30,
                            SSL => ($job->{tls} // '') eq 'implicit', %trust)
    or die "no connection: $@";

sub must {
    my ($done, $what) = @_;
    die "$what: " . $client->code . ' ' . $client->message unless $done;
}

must($client->starttls(%trust), 'STARTTLS') if ($job->{tls} // '') eq 'starttls';
if ($job->{auth}) {
    my $sasl = Authen::SASL->new(
        mechanism => $job->{auth},
        callback  => { user => $job->{username}, pass => $job->{password} });
    must($client->auth($sasl), 'AUTH');
}
for my $message (@{ $job->{messages} }) {
    must($client->mail($job->{sender}), 'MAIL');
    must($client->to(@{ $job->{recipients} }), 'RCPT');
    must($client->data, 'DATA');
    must($client->datasend(decode_base64($message)), 'content');
    must($client->dataend, 'end of the content');
}
must($client->quit, 'QUIT');
