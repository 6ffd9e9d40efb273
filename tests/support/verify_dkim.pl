#!/usr/bin/perl
# Checks a message's DKIM signatures with Mail::DKIM: verify_dkim.pl RECORDS < MESSAGE. RECORDS has
# lines of NAME, tab, TXT; it stands for DNS. Prints "SELECTOR RESULT" for each signature.
use strict;
use warnings;
use Mail::DKIM::Verifier;
use Net::DNS::RR;

my %records;
open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!";
while (<$file>) {
    chomp;
    my ($name, $text) = split /\t/, $_, 2;
    $records{$name} = $text;
}

{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        my ($name, $type) = @_;
        $@ = 'NXDOMAIN';
        return if $type ne 'TXT' || !exists $records{$name};
        # In strings of at most 255 bytes, as a name server gives them.
        return Net::DNS::RR->new(
            owner => $name, type => 'TXT', txtdata => [ $records{$name} =~ /(.{1,255})/gs ]);
    };
}

binmode STDIN;
my $verifier = Mail::DKIM::Verifier->new;
local $/;
$verifier->PRINT(scalar <STDIN>);
$verifier->CLOSE;
print $_->selector, ' ', $_->result_detail, "\n" for $verifier->signatures;
