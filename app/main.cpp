// The program. Everything is wired in app/app; main only names the exit status.
int main() { return 0; }
