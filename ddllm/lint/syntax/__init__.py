"""What Datadog's parser refuses, of which its API says no more than "invalid"."""
